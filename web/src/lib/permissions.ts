import { session } from '$lib/stores/session.svelte'

/** What a person may do, as the server lists it in `/v1/bootstrap`. */
export type Permission =
  | 'messages:send'
  | 'messages:read'
  | 'messages:cancel'
  | 'messages:cancel_any'
  | 'stats:read'
  | 'providers:read'
  | 'providers:write'
  | 'contacts:read'
  | 'contacts:write'
  | 'consent:lift'
  | 'webhooks:read'
  | 'webhooks:write'
  | 'campaigns:read'
  | 'campaigns:write'
  | 'campaigns:approve'
  | 'routes:read'
  | 'routes:write'
  | 'smpp:read'
  | 'smpp:write'
  | 'api_keys:read'
  | 'api_keys:write'
  | 'members:read'
  | 'members:write'
  | 'workspace:write'
  | 'instance:write'

/** True when the signed-in person may do this here. The server decides again on every call. */
export const can = (permission: Permission): boolean => session.permissions.has(permission)
