// Journeys about notifications and the installed app. See run.mjs for what it needs.
import { play } from './harness.mjs'
import { everywhere, installable, refused, shown, states, turnedOn } from './push.mjs'
import { setup } from './sending.mjs'

await play({ setup, states, turnedOn, refused, shown, installable, everywhere })
