import { call } from './client'
import type { Schemas } from './types'

export const getLimits = () => call('get', '/v1/limits')
export const putLimits = (body: Schemas['WorkspaceLimits']) => call('put', '/v1/limits', { body })
