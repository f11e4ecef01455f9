import { readFileSync } from 'node:fs'
import type { OutputChunk } from 'rolldown'
import { runnerImport, type Plugin } from 'vite'
import type { Route } from '../src/lib/router.svelte'

/**
 * Writes into boot.js which files each page of the app is made of, and each area of its texts in each language, so that a
 * browser asks for them beside the script that would ask for them one round trip later. Fails the build when a page has no
 * chunk, or boot.js lost its placeholder.
 */
export function parts(): Plugin {
  return {
    name: 'smsir-parts',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      async handler(_options, bundle) {
        const { module } = await runnerImport<{ routes: Route[] }>('/src/routes.ts', { configFile: false })
        const chunks = Object.values(bundle).filter((c): c is OutputChunk => c.type === 'chunk')
        const html = String((bundle['index.html'] as { source?: string }).source)
        const of = (end: string) => chunks.find((c) => c.facadeModuleId?.endsWith(end))

        /** A chunk and what it imports, with their styles; without what the page itself names. */
        const closure = (chunk: OutputChunk, seen = new Set<string>()) => {
          const own = [chunk.fileName, ...(chunk.viteMetadata?.importedCss ?? [])]
          for (const f of own) if (!html.includes(f)) seen.add(f)
          for (const f of chunk.imports) {
            const next = bundle[f]
            if (next?.type === 'chunk' && !seen.has(f)) closure(next, seen)
          }
          return seen
        }
        const short = (file: string) => file.replace('assets/', '')

        const pages = module.routes.map(({ path, load, words = '' }) => {
          const view = /features\/\w+\/\w+\.svelte/.exec(String(load))?.[0]
          const chunk = view && of('/src/' + view)
          if (!chunk) return this.error(`${path}: no chunk of ${view ?? String(load)}`)
          return [path.replace(/:\w+/g, '[^/]+'), [...closure(chunk)].map(short).join(' '), words]
        })
        const words: Record<string, Record<string, string>> = {}
        for (const { facadeModuleId, fileName } of chunks) {
          const [, area, lang] = /\/i18n\/(?:(\w+)\/)?(\w+)\.json$/.exec(facadeModuleId ?? '') ?? []
          if (lang) (words[lang] ??= {})[area ?? ''] = short(fileName)
        }

        const source = readFileSync('public/boot.js', 'utf8')
        const filled = source.replace('{ pages: [], words: {} }', () => JSON.stringify({ pages, words }))
        if (filled === source) this.error('the placeholder of boot.js was not found')
        this.emitFile({ type: 'asset', fileName: 'boot.js', source: filled })
      },
    },
  }
}
