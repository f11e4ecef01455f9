// Journeys about administration: the audit log and senders. See run.mjs for what it needs.
import { audit, everywhere, senders } from './administration.mjs'
import { play } from './harness.mjs'
import { setup } from './sending.mjs'

await play({ setup, audit, senders, everywhere })
