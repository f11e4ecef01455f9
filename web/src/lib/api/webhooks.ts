import { call } from './client'
import type { Schemas } from './types'

export const listWebhooks = () => call('get', '/v1/webhooks')
export const createWebhook = (body: Schemas['WebhookCreate']) => call('post', '/v1/webhooks', { body })
export const updateWebhook = (id: string, body: Schemas['WebhookUpdate']) =>
  call('patch', '/v1/webhooks/{id}', { path: { id }, body })
export const removeWebhook = (id: string) => call('delete', '/v1/webhooks/{id}', { path: { id } })
export const rotateWebhook = (id: string) => call('post', '/v1/webhooks/{id}/rotate', { path: { id } })
export const testWebhook = (id: string) => call('post', '/v1/webhooks/{id}/test', { path: { id } })
export const listDeliveries = (id: string, query: { cursor?: string }) =>
  call('get', '/v1/webhooks/{id}/deliveries', { path: { id }, query })
export const replayDeliveries = (id: string, body: Schemas['WebhookReplay']) =>
  call('post', '/v1/webhooks/{id}/replay', { path: { id }, body })
