import { address, ask, fetched, filled, type Answer, type Operation, type PathOf, type Query } from './client'
import { problemOf } from './problem'

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
/** What the server is told a table is, by the name of its file; it looks for itself all the same. */
export const tableType = (name: string) =>
  /\.xls[xm]?$/i.test(name) ? XLSX : /\.(tsv|tab)$/i.test(name) ? 'text/tab-separated-values' : 'text/csv'

/** How long a file may take on its way. */
const FILE_MS = 600_000

/** Sends a file as it is, and resolves with the answer's body. */
export async function upload<P extends PathOf<'post'>>(
  path: P,
  file: Blob,
  type: string,
  query: Query<Operation<P, 'post'>> | object,
  values?: Record<string, string>,
): Promise<Answer<Operation<P, 'post'>>> {
  const headers = { Accept: 'application/json', 'Content-Type': type }
  const { body } = await ask(
    address(filled(path, values), query),
    { method: 'POST', headers, body: file },
    FILE_MS,
  )
  return body as Answer<Operation<P, 'post'>>
}

/** Gets a file and hands it to the browser under a name. */
export async function download(path: string, name: string, query: Record<string, string> = {}) {
  const { response, content } = await fetched(address(path, query), {}, (r) => r.blob(), FILE_MS)
  if (!response.ok)
    throw problemOf(
      response,
      await content
        .text()
        .then(JSON.parse)
        .catch(() => undefined),
    )
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
