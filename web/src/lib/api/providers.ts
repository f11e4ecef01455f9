import { call } from './client'
import type { Schemas } from './types'

export const listKinds = () => call('get', '/v1/provider-kinds')
export const listProviders = () => call('get', '/v1/providers')
export const createProvider = (body: Schemas['ProviderCreate']) => call('post', '/v1/providers', { body })
export const updateProvider = (id: string, body: Schemas['ProviderUpdate']) =>
  call('patch', '/v1/providers/{id}', { path: { id }, body })
export const removeProvider = (id: string) => call('delete', '/v1/providers/{id}', { path: { id } })
export const testProvider = (id: string, body: Schemas['ProviderTest'], key: string) =>
  call('post', '/v1/providers/{id}/test', { path: { id }, body, key })
export const checkProvider = (id: string) => call('post', '/v1/providers/{id}/check', { path: { id } })
