import { call, type Operation, type Query } from './client'
import type { Schemas } from './types'

export type AuditEntry = Schemas['AuditEntry']
export type AuditQuery = NonNullable<Query<Operation<'/v1/audit', 'get'>>>

export const listAudit = (query: AuditQuery) => call('get', '/v1/audit', { query })

export type Sender = Schemas['Sender']
export type SenderCountry = Schemas['SenderCountry']
export type SenderDefault = Schemas['SenderDefault']

export const listSenders = (query: { usage?: boolean } = {}) => call('get', '/v1/senders', { query })
export const createSender = (body: Schemas['SenderCreate']) => call('post', '/v1/senders', { body })
export const updateSender = (id: string, body: Schemas['SenderUpdate']) =>
  call('patch', '/v1/senders/{id}', { path: { id }, body })
export const deleteSender = (id: string) => call('delete', '/v1/senders/{id}', { path: { id } })
