// Journeys about contacts, groups, opt-outs and imports. See run.mjs for what it needs.
import * as contacts from './contacts.mjs'
import { play } from './harness.mjs'
import * as imports from './imports.mjs'
import { setup } from './sending.mjs'

const { firstContact, fieldsOfOnesOwn, groups, filtered, selection, optOut, optOuts, duplicates, named } =
  contacts
const { wizard, undone, pasted, refused, everywhere } = imports

await play({
  setup,
  ...{ firstContact, fieldsOfOnesOwn, groups, filtered, selection, optOut, optOuts, duplicates, named },
  ...{ wizard, undone, pasted, refused, everywhere },
})
