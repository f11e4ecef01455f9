/** The only door to IndexedDB. Two stores: `outbox` (sends not yet confirmed, by key) and `drafts` (by name). */
export type StoreName = 'outbox' | 'drafts'

const NAME = 'smsir'
const VERSION = 1
let opened: Promise<IDBDatabase> | null = null

function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION)
    request.onupgradeneeded = () => {
      request.result.createObjectStore('outbox', { keyPath: 'key' })
      request.result.createObjectStore('drafts')
    }
    request.onsuccess = () => {
      const db = request.result
      db.onclose = db.onversionchange = () => {
        db.close()
        opened = null
      }
      resolve(db)
    }
    request.onerror = () => {
      opened = null
      reject(request.error ?? new Error('IndexedDB is not available'))
    }
  })
  return opened
}

/** Runs one request in one transaction and resolves when that transaction is on disk, not merely asked for. */
export async function run<T>(
  store: StoreName,
  mode: IDBTransactionMode,
  work: (s: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const db = await open()
  return new Promise<T>((resolve, reject) => {
    const tx = db.transaction(store, mode, mode === 'readwrite' ? { durability: 'strict' } : undefined)
    const request = work(tx.objectStore(store))
    tx.oncomplete = () => resolve(request.result)
    tx.onabort = tx.onerror = () => reject(tx.error ?? request.error)
  })
}
