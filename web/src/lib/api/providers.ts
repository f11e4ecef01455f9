import { call, seg } from './client'
import type { Message, Provider, Schemas } from './types'

const path = (id: string, rest = '') => `/v1/providers/${seg(id)}${rest}`

export const listKinds = () => call<Schemas['ProviderKindList']>('GET', '/v1/provider-kinds')
export const listProviders = () => call<Schemas['ProviderList']>('GET', '/v1/providers')
export const createProvider = (body: Schemas['ProviderCreate']) =>
  call<Provider>('POST', '/v1/providers', { body })
export const updateProvider = (id: string, body: Schemas['ProviderUpdate']) =>
  call<Provider>('PATCH', path(id), { body })
export const removeProvider = (id: string) => call<void>('DELETE', path(id))
export const testProvider = (id: string, body: Schemas['ProviderTest'], key: string) =>
  call<Message>('POST', path(id, '/test'), { body, key })
