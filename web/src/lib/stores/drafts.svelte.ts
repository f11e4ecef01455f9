import { run } from '$lib/db/idb'
import type { Values } from '$lib/sms/personalise'
import { uuid } from '$lib/uuid'

/** One recipient of a list, in E.164, with the values that the list has for variables. */
export interface Listed {
  to: string
  values?: Values
}

/** Many recipients that stand in the form as one: the members of a group when it was taken, or the rows of a file. */
export interface List {
  /** Of the group; of a file one of our own. */
  id: string
  kind: 'group' | 'file'
  name: string
  people: Listed[]
  /** Rows of the file without a number. */
  problems?: { row: number; text: string; why: string }[]
  /** Rows of the file whose number stood there already. */
  repeated?: number
}

/** What the compose form holds. The key is made with the form: however often Send is pressed, it is one send. */
export interface Draft {
  key: string
  to: string[]
  lists: List[]
  text: string
  from: string
  /** `YYYY-MM-DDTHH:MM` on the clock below; empty to send now. */
  sendAt: string
  /** Whose clock shows that time: the workspace's, or that of each recipient's country. */
  clock: 'workspace' | 'recipient'
}

export const emptyDraft = (): Draft => ({
  key: uuid(),
  to: [],
  lists: [],
  text: '',
  from: '',
  sendAt: '',
  clock: 'workspace',
})

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
