import { call, seg } from './client'
import type { Schemas } from './types'

export const listKeys = () => call<Schemas['APIKeyList']>('GET', '/v1/api-keys')
export const createKey = (body: Schemas['APIKeyCreate']) =>
  call<Schemas['APIKeyCreated']>('POST', '/v1/api-keys', { body })
export const revokeKey = (id: string) => call<void>('DELETE', `/v1/api-keys/${seg(id)}`)
