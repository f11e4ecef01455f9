import type { Role } from '$lib/api/types'

/** The roles that a person with this one may give: only an owner makes owners. The server decides again. */
export const rolesFor = (role: Role | undefined): Role[] =>
  role === 'owner'
    ? ['owner', 'admin', 'member', 'viewer']
    : role === 'admin'
      ? ['admin', 'member', 'viewer']
      : []
