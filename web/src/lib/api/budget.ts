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

/** The kind of a table, by its name; the server looks at its beginning too. */
const typeOf = (name: string) =>
  /\.xlsx$/i.test(name)
    ? 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
    : /\.(tsv|tab)$/i.test(name)
      ? 'text/tab-separated-values'
      : 'text/csv'
