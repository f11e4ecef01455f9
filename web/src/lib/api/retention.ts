import { call } from './client'
import type { Schemas } from './types'

export type Rule = Schemas['RetentionRule']
export type Effect = Schemas['RetentionEffect']

export const getRetention = () => call('get', '/v1/retention')
export const putRetention = (body: Rule) => call('put', '/v1/retention', { body })
export const previewRetention = (query: Rule) => call('get', '/v1/retention/preview', { query })
export const redactMessage = (id: string) => call('post', '/v1/messages/{id}/redact', { path: { id } })
