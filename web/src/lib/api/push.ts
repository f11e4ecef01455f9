import { call } from './client'
import type { Schemas } from './types'

export const getPush = () => call('get', '/v1/push')
export const createPushDevice = (body: Schemas['PushSubscribe']) => call('post', '/v1/push/devices', { body })
export const removePushDevice = (id: string) => call('delete', '/v1/push/devices/{id}', { path: { id } })
export const testPushDevice = (id: string) => call('post', '/v1/push/devices/{id}/test', { path: { id } })
export const setPushPreferences = (body: Schemas['PushPreferences']) =>
  call('put', '/v1/push/preferences', { body })
