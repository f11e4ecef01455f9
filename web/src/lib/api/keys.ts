import { call } from './client'
import type { Schemas } from './types'

export const listKeys = () => call('get', '/v1/api-keys')
export const createKey = (body: Schemas['APIKeyCreate']) => call('post', '/v1/api-keys', { body })
export const revokeKey = (id: string) => call('delete', '/v1/api-keys/{id}', { path: { id } })
