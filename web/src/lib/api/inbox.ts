import { call } from './client'
import type { Schemas } from './types'

export type Conversation = Schemas['Conversation']
export type ThreadItem = Schemas['ConversationMessage']
export type Filter = 'all' | 'unread' | 'mine' | 'archived'

const at = (id: string) => ({ path: { id } })

export const listConversations = (query: { filter?: Filter; search?: string; cursor?: string }) =>
  call('get', '/v1/conversations', { query })
export const inboxCounts = () => call('get', '/v1/inbox/counts')
export const getConversation = (id: string) => call('get', '/v1/conversations/{id}', at(id))
export const updateConversation = (id: string, body: Schemas['ConversationUpdate']) =>
  call('patch', '/v1/conversations/{id}', { ...at(id), body })
export const listThread = (id: string, cursor?: string) =>
  call('get', '/v1/conversations/{id}/messages', { ...at(id), query: { cursor } })
export const reply = (id: string, body: Schemas['ConversationReply'], key: string) =>
  call('post', '/v1/conversations/{id}/reply', { ...at(id), body, key })
export const listNotes = (id: string) => call('get', '/v1/conversations/{id}/notes', at(id))
export const addNote = (id: string, text: string) =>
  call('post', '/v1/conversations/{id}/notes', { ...at(id), body: { text } })

export const listCanned = () => call('get', '/v1/canned-replies')
export const saveCanned = (id: string | undefined, body: Schemas['CannedReplyPut']) =>
  id
    ? call('put', '/v1/canned-replies/{id}', { ...at(id), body })
    : call('post', '/v1/canned-replies', { body })
export const removeCanned = (id: string) => call('delete', '/v1/canned-replies/{id}', at(id))

export const listRules = () => call('get', '/v1/auto-replies')
export const saveRule = (id: string | undefined, body: Schemas['AutoReplyPut']) =>
  id ? call('put', '/v1/auto-replies/{id}', { ...at(id), body }) : call('post', '/v1/auto-replies', { body })
export const removeRule = (id: string) => call('delete', '/v1/auto-replies/{id}', at(id))
export const testRules = (text: string) => call('post', '/v1/auto-replies/test', { body: { text } })

export const inboxSettings = () => call('get', '/v1/inbox/settings')
export const saveInboxSettings = (body: Schemas['InboxSettings']) =>
  call('put', '/v1/inbox/settings', { body })

export const listReviews = () => call('get', '/v1/opt-out-reviews')
export const decideReview = (id: string, opt_out: boolean) =>
  call('post', '/v1/opt-out-reviews/{id}/decide', { ...at(id), body: { opt_out } })
