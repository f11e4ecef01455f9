import { call, seg } from './client'
import type { Bootstrap, PublicInfo, Schemas } from './types'

export const bootstrap = (oncopy?: (at: string) => void) =>
  call<Bootstrap>('GET', '/v1/bootstrap', { oncopy })
export const publicInfo = () => call<PublicInfo>('GET', '/v1/info')

export const register = (body: Schemas['RegisterRequest']) =>
  call<Schemas['Login']>('POST', '/v1/auth/register', { body })
export const login = (body: Schemas['LoginRequest']) =>
  call<Schemas['Login']>('POST', '/v1/auth/login', { body })
export const logout = () => call<void>('POST', '/v1/auth/logout')
export const changePassword = (body: Schemas['PasswordChange']) =>
  call<void>('POST', '/v1/auth/password', { body })
export const reauth = (password: string) => call<void>('POST', '/v1/auth/reauth', { body: { password } })
export const listSessions = () => call<Schemas['SessionList']>('GET', '/v1/auth/sessions')
export const revokeSession = (id: string) => call<void>('DELETE', `/v1/auth/sessions/${seg(id)}`)
export const updateMe = (body: Schemas['UserUpdate']) => call<Schemas['Me']>('PATCH', '/v1/me', { body })

export const updateWorkspace = (body: Schemas['WorkspaceUpdate']) =>
  call<Schemas['Workspace']>('PATCH', '/v1/workspace', { body })
export const listMembers = () => call<Schemas['MemberList']>('GET', '/v1/workspace/members')
export const setRole = (id: string, role: Schemas['MemberUpdate']['role']) =>
  call<Schemas['Member']>('PATCH', `/v1/workspace/members/${seg(id)}`, { body: { role } })
export const removeMember = (id: string) => call<void>('DELETE', `/v1/workspace/members/${seg(id)}`)
export const listInvites = () => call<Schemas['InviteList']>('GET', '/v1/invites')
export const createInvite = (body: Schemas['InviteCreate']) =>
  call<Schemas['InviteCreated']>('POST', '/v1/invites', { body })
export const revokeInvite = (id: string) => call<void>('DELETE', `/v1/invites/${seg(id)}`)
export const lookupInvite = (code: string) =>
  call<Schemas['InviteInfo']>('POST', '/v1/invites/lookup', { body: { code } })

export const getInstance = () => call<Schemas['Instance']>('GET', '/v1/instance')
export const updateInstance = (body: Schemas['InstanceUpdate']) =>
  call<Schemas['Instance']>('PATCH', '/v1/instance', { body })
