import { run } from '$lib/db/idb'
import { uuid } from '$lib/uuid'

/** What the compose form holds. The key is made with the form: however often Send is pressed, it is one send. */
export interface Draft {
  key: string
  to: string[]
  text: string
  from: string
  /** `YYYY-MM-DDTHH:MM` in the workspace's time zone; empty to send now. */
  sendAt: string
}

export const emptyDraft = (): Draft => ({ key: uuid(), to: [], text: '', from: '', sendAt: '' })

const name = (owner: string) => `compose:${owner}`

/** Drafts live in IndexedDB: they outlive reloads, updates and crashes, and belong to one person in one workspace. */
export const drafts = {
  async load(owner: string): Promise<Draft | undefined> {
    try {
      const d = await run<Draft | undefined>('drafts', 'readonly', (s) => s.get(name(owner)))
      return d && { ...emptyDraft(), ...d }
    } catch {
      return undefined
    }
  },
  async save(owner: string, draft: Draft): Promise<boolean> {
    try {
      await run('drafts', 'readwrite', (s) => s.put({ ...draft, to: [...draft.to] }, name(owner)))
      return true
    } catch {
      return false
    }
  },
  async clear(owner: string): Promise<void> {
    try {
      await run('drafts', 'readwrite', (s) => s.delete(name(owner)))
    } catch {
      // There was nothing on disk either.
    }
  },
}
