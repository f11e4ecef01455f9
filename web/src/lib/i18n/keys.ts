import type core from './en.json'
import type admin from './admin/en.json'
import type budget from './budget/en.json'
import type analytics from './analytics/en.json'
import type auth from './auth/en.json'
import type desk from './desk/en.json'
import type contacts from './contacts/en.json'
import type compose from './compose/en.json'
import type home from './home/en.json'
import type groups from './groups/en.json'
import type imports from './imports/en.json'
import type history from './history/en.json'
import type inbox from './inbox/en.json'
import type campaigns from './campaigns/en.json'
import type keys from './keys/en.json'
import type messages from './messages/en.json'
import type providers from './providers/en.json'
import type routes from './routes/en.json'
import type sending from './sending/en.json'
import type settings from './settings/en.json'
import type setup from './setup/en.json'
import type story from './story/en.json'
import type smpp from './smpp/en.json'
import type webhooks from './webhooks/en.json'

/** Every text there is: those of the whole app, and those of each feature. */
export type Key =
  | keyof typeof core
  | keyof typeof admin
  | keyof typeof budget
  | keyof typeof analytics
  | keyof typeof auth
  | keyof typeof desk
  | keyof typeof compose
  | keyof typeof contacts
  | keyof typeof groups
  | keyof typeof home
  | keyof typeof imports
  | keyof typeof history
  | keyof typeof inbox
  | keyof typeof campaigns
  | keyof typeof keys
  | keyof typeof messages
  | keyof typeof providers
  | keyof typeof routes
  | keyof typeof sending
  | keyof typeof settings
  | keyof typeof setup
  | keyof typeof story
  | keyof typeof smpp
  | keyof typeof webhooks
