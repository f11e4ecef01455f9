import { call } from './client'
import { download, tableType, upload } from './files'
import type { Schemas } from './types'

export type Import = Schemas['Import']
export type ImportRow = Schemas['ImportRow']

export const listImports = () => call('get', '/v1/imports')
export const getImport = (id: string) => call('get', '/v1/imports/{id}', { path: { id } })
export const createImport = (file: File) =>
  upload('/v1/imports', file, tableType(file.name), { name: file.name.slice(0, 200) })
/** A table that was pasted: spreadsheets put cells apart by tabs. */
export const pasteImport = (text: string, name: string) =>
  upload('/v1/imports', new Blob([text]), text.includes('\t') ? 'text/tab-separated-values' : 'text/csv', {
    name,
  })
export const mapImport = (id: string, body: Schemas['ImportMapping']) =>
  call('put', '/v1/imports/{id}/mapping', { path: { id }, body })
export const listImportRows = (
  id: string,
  query: { state?: 'bad' | 'duplicate' | 'new' | 'changed' | 'opted_out'; cursor?: string; limit?: number },
) => call('get', '/v1/imports/{id}/rows', { path: { id }, query })
export const commitImport = (id: string, groups: string[]) =>
  call('post', '/v1/imports/{id}/commit', { path: { id }, body: { groups } })
export const undoImport = (id: string) => call('post', '/v1/imports/{id}/undo', { path: { id } })
export const deleteImport = (id: string) => call('delete', '/v1/imports/{id}', { path: { id } })
export const downloadRejects = (id: string) =>
  download(`/v1/imports/${encodeURIComponent(id)}/rejects`, 'rejected.csv')
