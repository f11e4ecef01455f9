import type { components } from './schema'

/** The wire types, generated from the server's OpenAPI document (`npm run gen`). */
type Schemas = components['schemas']

export type Message = Schemas['Message']
export type MessageStatus = Message['status']
export type MessageError = Schemas['Failure']
export type Bootstrap = Schemas['Bootstrap']
export type Summary = Schemas['Summary']
export type Totals = Schemas['Totals']
export type StreamEvent = Schemas['Event']
export type EventData = Schemas['EventData']
export type Preview = Schemas['Preview']
export type Workspace = Schemas['Workspace']
export type User = Schemas['User']
export type Role = Schemas['Member']['role']
export type Member = Schemas['Member']
export type Invite = Schemas['Invite']
export type InviteInfo = Schemas['InviteInfo']
export type PublicInfo = Schemas['PublicInfo']
export type Session = Schemas['Session']
export type Registration = Schemas['Instance']['registration']
export type APIKey = Schemas['APIKey']
export type APIKeyList = Schemas['APIKeyList']
export type Scope = Schemas['APIKeyCreate']['scopes'][number]
export type Provider = Schemas['Provider']
export type ProviderKind = Schemas['ProviderKind']
export type ProviderField = Schemas['ProviderField']
export type SendRequest = Schemas['SendRequest']
export type BatchResult = Schemas['BatchResult']
export type Attempt = Schemas['Attempt']
export type { Schemas }

/** Every status, in the order of the state machine. The compiler checks that none is missing or unknown. */
export const STATUSES = Object.keys({
  scheduled: 0,
  queued: 0,
  sending: 0,
  unknown: 0,
  sent: 0,
  delivered: 0,
  undelivered: 0,
  expired: 0,
  failed: 0,
  canceled: 0,
  blocked: 0,
} satisfies Record<MessageStatus, 0>) as MessageStatus[]
