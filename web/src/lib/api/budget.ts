import { call } from './client'
import { download, upload } from './files'
import type { Schemas } from './types'

export const getLimits = () => call('get', '/v1/limits')
export const putLimits = (body: Schemas['WorkspaceLimits']) => call('put', '/v1/limits', { body })
export const listPrices = (all: boolean) => call('get', '/v1/prices', { query: { all } })
export const addPrices = (body: Schemas['PriceChange']) => call('post', '/v1/prices', { body })
export const importPrices = (file: File, whole: boolean) =>
  upload('/v1/prices/import', file, typeOf(file.name), { whole })
export const exportPrices = () => download('/v1/prices/export', 'prices.csv')

export const getCredit = () => call('get', '/v1/credit')
export const putCredit = (body: Schemas['CreditSettings']) => call('put', '/v1/credit', { body })
export const addCredit = (body: Schemas['CreditChange'], key: string) =>
  call('post', '/v1/credit/entries', { body, key })
/** A page of the ledger: what people entered, or everything. */
export const listCredit = (hand: boolean, cursor: string) =>
  call('get', '/v1/credit/entries', {
    query: { ...(hand ? { kind: 'by_hand' as const } : {}), ...(cursor ? { cursor } : {}) },
  })
export const exportCredit = (hand: boolean) =>
  download('/v1/credit/entries/export', 'credit.csv', hand ? { kind: 'by_hand' } : {})

/** The kind of a table, by its name; the server looks at its beginning too. */
const typeOf = (name: string) =>
  /\.xlsx$/i.test(name)
    ? 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
    : /\.(tsv|tab)$/i.test(name)
      ? 'text/tab-separated-values'
      : 'text/csv'
