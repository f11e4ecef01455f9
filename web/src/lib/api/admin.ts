import { call, type Operation, type Query } from './client'
import type { Schemas } from './types'

export type AuditEntry = Schemas['AuditEntry']
export type AuditQuery = NonNullable<Query<Operation<'/v1/audit', 'get'>>>

export const listAudit = (query: AuditQuery) => call('get', '/v1/audit', { query })
