import { call } from './client'
import type { Schemas } from './types'

export type SMPPAccount = Schemas['SMPPAccount']
export type SMPPSession = Schemas['SMPPSession']
export type SMPPAccountList = Schemas['SMPPAccountList']

export const listAccounts = () => call('get', '/v1/smpp/accounts')
export const createAccount = (body: Schemas['SMPPAccountCreate']) =>
  call('post', '/v1/smpp/accounts', { body })
export const updateAccount = (id: string, body: Schemas['SMPPAccountUpdate']) =>
  call('patch', '/v1/smpp/accounts/{id}', { path: { id }, body })
export const deleteAccount = (id: string) => call('delete', '/v1/smpp/accounts/{id}', { path: { id } })
export const listSessions = () => call('get', '/v1/smpp/sessions')
export const endSession = (id: string) => call('delete', '/v1/smpp/sessions/{id}', { path: { id } })
