const of = (...files: string[]) => new RegExp(`/src/(${files.join('|')})\\b`)

/** The service worker is an app of its own. */
const first = (id: string) => !id.endsWith('/src/sw.ts')

/** What nearly every page is made of. */
const parts = of(
  'lib/ui/(Confirm|Field|Form|Segmented|Sheet|Skeleton|Time)',
  'lib/api/(contacts|files|resource)',
  'lib/time/zone',
  'lib/uuid',
)
const kit = (id: string) => parts.test(id) || id.includes('/node_modules/svelte/')

/** Rows of messages, and where they come from. */
const rows = of(
  'lib/ui/(MessageRow|StatusPill|removed)',
  'lib/stores/(messages|filters|names)',
  'lib/api/types',
  'features/messages/selection',
)

/** Numbers as people type them, and texts with their variables. */
const writing = of('lib/sms/(recipients|countries|personalise)', 'lib/stores/drafts')

/** How long a text is. */
const length = of('lib/ui/Meter', 'lib/sms/segments')

/**
 * What goes into one file. A file of its own costs a visitor its headers and a turn on the line, and compresses worse than
 * beside its like. Pages, and what they load when it is asked for, stay apart; parts of a few pages go by themselves.
 */
export const groups = [
  { name: 'app', tags: ['$initial' as const], test: first, priority: 5 },
  { name: 'kit', test: kit, priority: 4 },
  { name: 'rows', test: rows, priority: 3 },
  { name: 'writing', test: writing, priority: 2 },
  { name: 'length', test: length, priority: 1 },
]
