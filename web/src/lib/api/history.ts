import { call } from './client'
import { problemOf } from './problem'
import type { Schemas } from './types'

export type View = Schemas['View']
export type BulkCanceled = Schemas['BulkCanceled']

export const listViews = () => call('get', '/v1/views')
export const createView = (body: Schemas['ViewCreate']) => call('post', '/v1/views', { body })
export const updateView = (id: string, body: Schemas['ViewUpdate']) =>
  call('patch', '/v1/views/{id}', { path: { id }, body })
export const deleteView = (id: string) => call('delete', '/v1/views/{id}', { path: { id } })

/** Cancels any number of messages; counts every outcome. */
export async function cancelMessages(ids: string[]): Promise<Omit<BulkCanceled, 'results'>> {
  const sum = { canceled: 0, cancel_requested: 0, too_late: 0, forbidden: 0, not_found: 0 }
  for (let at = 0; at < ids.length; at += 1000) {
    const part = await call('post', '/v1/messages/bulk-cancel', { body: { ids: ids.slice(at, at + 1000) } })
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += part[key]
  }
  return sum
}

/**
 * Downloads a file of the API. It is asked for twice: a first request learns whether the server would refuse, which a
 * browser's own download cannot tell in words, and ends with the first byte; the second is the download, a plain link,
 * which also works inside the Android app.
 */
export async function download(url: string): Promise<void> {
  const stop = new AbortController()
  const answer = await fetch(url, { credentials: 'same-origin', signal: stop.signal })
  if (!answer.ok) {
    const text = await answer.text()
    let body: unknown
    try {
      body = JSON.parse(text)
    } catch {
      body = undefined
    }
    throw problemOf(answer, body)
  }
  stop.abort()
  const link = document.createElement('a')
  link.href = url
  link.download = ''
  document.body.append(link)
  link.click()
  link.remove()
}
