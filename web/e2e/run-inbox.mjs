// Journeys about the inbox. See run.mjs for what it needs.
import { play } from './harness.mjs'
import { decided, empty, everywhere, known, ruled, talked } from './inbox.mjs'
import { setup } from './sending.mjs'

await play({ setup, empty, ruled, talked, known, decided, everywhere })
