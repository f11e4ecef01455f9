import { listContacts, listGroups, type Contact } from '$lib/api/contacts'
import { tableType, upload } from '$lib/api/files'
import type { Schemas } from '$lib/api/types'
import type { Values } from '$lib/sms/personalise'
import type { List } from '$lib/stores/drafts.svelte'
import { uuid } from '$lib/uuid'

/** A list that is too long for one send: it belongs to a campaign. */
export class TooLong {
  constructor(
    readonly name: string,
    readonly source: { group: string } | { file: File },
    /** How many there are, where that is known. */
    readonly n?: number,
  ) {}
}

export const valuesOf = (c: Contact): Values => ({ ...c.fields, ...(c.name ? { name: c.name } : {}) })

/** The members that a group has now, without those that have opted out. */
export async function takeGroup(group: Pick<Schemas['Group'], 'id' | 'name' | 'size'>, max: number) {
  const tooLong = new TooLong(group.name, { group: group.id }, group.size)
  if (group.size > max) return tooLong
  const list: List = { id: group.id, kind: 'group', name: group.name, people: [] }
  let cursor: string | undefined
  do {
    const page = await listContacts({ group: group.id, limit: 200, ...(cursor ? { cursor } : {}) })
    for (const c of page.items) if (!c.suppressed) list.people.push({ to: c.phone, values: valuesOf(c) })
    cursor = page.next
    if (list.people.length > max) return tooLong
  } while (cursor)
  return list
}

/** Larger files are not worth the way: they are too long for one send. */
const MAX_BYTES = 4 << 20

/** The rows of a table, as the server reads it. */
export async function takeFile(file: File): Promise<List | TooLong> {
  const name = file.name || 'table'
  if (file.size > MAX_BYTES) return new TooLong(name, { file })
  const table = await upload('/v1/messages/recipients', file, tableType(name), {})
  if (table.over) return new TooLong(name, { file })
  const { recipients: people, problems, repeated } = table
  return { id: uuid(), kind: 'file', name, people, problems, repeated }
}

/** The lists of an old draft with the groups as they are now; one that is gone, too long or unreachable stays as it was. */
export async function current(lists: List[], max: number): Promise<List[]> {
  try {
    const groups = (await listGroups()).items
    return await Promise.all(
      lists.map(async (l) => {
        const group = l.kind === 'group' ? groups.find((g) => g.id === l.id) : undefined
        const now = group && (await takeGroup(group, max))
        return now && !(now instanceof TooLong) ? now : l
      }),
    )
  } catch {
    return lists
  }
}
