import { call } from './client'
import type { Role, Schemas } from './types'

export const bootstrap = (oncopy?: (at: string) => void) => call('get', '/v1/bootstrap', { oncopy })
export const publicInfo = () => call('get', '/v1/info')

export const register = (body: Schemas['RegisterRequest']) => call('post', '/v1/auth/register', { body })
export const login = (body: Schemas['LoginRequest']) => call('post', '/v1/auth/login', { body })
export const logout = () => call('post', '/v1/auth/logout')
export const changePassword = (body: Schemas['PasswordChange']) => call('post', '/v1/auth/password', { body })
export const reauth = (password: string) => call('post', '/v1/auth/reauth', { body: { password } })
export const listSessions = () => call('get', '/v1/auth/sessions')
export const revokeSession = (id: string) => call('delete', '/v1/auth/sessions/{id}', { path: { id } })
export const updateMe = (body: Schemas['UserUpdate']) => call('patch', '/v1/me', { body })

export const listWorkspaces = () => call('get', '/v1/workspaces')
export const switchWorkspace = (id: string) => call('post', '/v1/workspaces/{id}/switch', { path: { id } })
export const updateWorkspace = (body: Schemas['WorkspaceUpdate']) => call('patch', '/v1/workspace', { body })
export const listMembers = () => call('get', '/v1/workspace/members')
export const setRole = (id: string, role: Role) =>
  call('patch', '/v1/workspace/members/{id}', { path: { id }, body: { role } })
export const removeMember = (id: string) => call('delete', '/v1/workspace/members/{id}', { path: { id } })

export const listInvites = () => call('get', '/v1/invites')
export const createInvite = (body: Schemas['InviteCreate']) => call('post', '/v1/invites', { body })
export const revokeInvite = (id: string) => call('delete', '/v1/invites/{id}', { path: { id } })
export const lookupInvite = (code: string) => call('post', '/v1/invites/lookup', { body: { code } })
export const acceptInvite = (code: string) => call('post', '/v1/invites/accept', { body: { code } })

export const getInstance = () => call('get', '/v1/instance')
export const updateInstance = (body: Schemas['InstanceUpdate']) => call('patch', '/v1/instance', { body })
