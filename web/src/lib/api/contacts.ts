import { call } from './client'
import { download } from './files'
import type { Schemas } from './types'

export type Contact = Schemas['Contact']
export type ContactField = Schemas['ContactField']
export type ContactFilter = Schemas['ContactFilter']
export type ContactCondition = Schemas['ContactCondition']
export type Group = Schemas['Group']
export type Suppression = Schemas['Suppression']
export type Consent = Schemas['Consent']

export interface ContactQuery {
  search?: string
  group?: string
  suppressed?: 'true' | 'false'
}

export const listContacts = (query: ContactQuery & { cursor?: string; limit?: number }) =>
  call('get', '/v1/contacts', { query })
export const searchContacts = (body: ContactFilter) => call('post', '/v1/contacts/search', { body })
export const getContact = (id: string) => call('get', '/v1/contacts/{id}', { path: { id } })
export const createContact = (body: Schemas['ContactCreate']) => call('post', '/v1/contacts', { body })
export const updateContact = (id: string, body: Schemas['ContactChange']) =>
  call('patch', '/v1/contacts/{id}', { path: { id }, body })
export const deleteContacts = (ids: string[]) => call('post', '/v1/contacts/delete', { body: { ids } })
export const listDuplicates = () => call('get', '/v1/contacts/duplicates')
export const mergeContacts = (id: string, others: string[]) =>
  call('post', '/v1/contacts/{id}/merge', { path: { id }, body: { others } })
export const exportContacts = ({ search = '', group = '' }: ContactQuery) =>
  download('/v1/contacts/export', 'contacts.csv', { search, group })

export const listFields = () => call('get', '/v1/contact-fields')
export const putFields = (fields: ContactField[]) => call('put', '/v1/contact-fields', { body: { fields } })

export const listGroups = () => call('get', '/v1/groups')
export const createGroup = (body: Schemas['GroupCreate']) => call('post', '/v1/groups', { body })
export const updateGroup = (id: string, body: Schemas['GroupUpdate']) =>
  call('patch', '/v1/groups/{id}', { path: { id }, body })
export const deleteGroup = (id: string) => call('delete', '/v1/groups/{id}', { path: { id } })
export const changeMembers = (id: string, body: Schemas['GroupMembers']) =>
  call('post', '/v1/groups/{id}/members', { path: { id }, body })

export const listSuppressions = (query: { search?: string; cursor?: string }) =>
  call('get', '/v1/suppressions', { query })
export const suppress = (recipients: string[], note: string) =>
  call('post', '/v1/suppressions', { body: { recipients, note } })
export const liftSuppression = (body: Schemas['SuppressionLift']) =>
  call('post', '/v1/suppressions/lift', { body })
export const listConsents = (query: { recipient?: string; cursor?: string; limit?: number }) =>
  call('get', '/v1/consents', { query })
