// Journeys through the real server in a real browser. Needs SMSIR_URL and SMSIR_SETUP_URL of a server that nobody has
// registered on; Chromium from CHROMIUM or PATH. An argument plays only the journeys whose name contains it.
// SMSIR_SHOTS=dir keeps pictures, SMSIR_VERBOSE=1 names every check. Ends with "N passed, N failed".
import * as admin from './admin.mjs'
import * as everywhere from './everywhere.mjs'
import { play } from './harness.mjs'
import * as history from './history.mjs'
import * as offline from './offline.mjs'
import { routing } from './routing.mjs'
import * as sending from './sending.mjs'
import { webhooks } from './webhooks.mjs'

// In this order: set up first, look at every screen once there is something to see, change the password last.
const { setup, sendOnPhone, sendOnPhoneInTheDark, sendOnDesk, sendOnDeskInTheDark } = sending
const { keyboardOnly, pressedTwice, undone, undoneOverSheet, scheduled, everyEnd } = sending
const { socketDrop, offlineSend, lostAnswer, sessionEnds } = offline
const { liveRows, filters, pages } = history
const { phoneLight, deskDark, phoneDarkArabic, deskLightFrench, phoneLightSwahili, largeText } = everywhere
const { providers, describedProvider, keys, team, settings } = admin

await play({
  setup,
  ...{ sendOnPhone, sendOnPhoneInTheDark, sendOnDesk, sendOnDeskInTheDark },
  ...{ keyboardOnly, pressedTwice, undone, undoneOverSheet, scheduled, everyEnd },
  ...{ socketDrop, offlineSend, lostAnswer, sessionEnds },
  ...{ liveRows, filters, pages },
  ...{ phoneLight, deskDark, phoneDarkArabic, deskLightFrench, phoneLightSwahili, largeText },
  ...{ providers, describedProvider, routing, webhooks, keys, team, settings },
})
