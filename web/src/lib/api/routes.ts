import { call } from './client'
import type { Schemas } from './types'

export type Route = Schemas['Route']
export type Explanation = Schemas['RouteExplanation']
export type Question = Schemas['RouteQuestion']

export const listRoutes = () => call('get', '/v1/routes')
export const createRoute = (body: Schemas['RouteCreate']) => call('post', '/v1/routes', { body })
/** Changes the version of a rule that somebody has seen; fails when there is another one by now. */
export const updateRoute = (r: Pick<Route, 'id' | 'version'>, body: Schemas['RouteUpdate']) =>
  call('patch', '/v1/routes/{id}', { path: { id: r.id }, version: r.version, body })
export const removeRoute = (r: Pick<Route, 'id' | 'version'>) =>
  call('delete', '/v1/routes/{id}', { path: { id: r.id }, version: r.version })
export const orderRoutes = (ids: string[]) => call('put', '/v1/routes/order', { body: { ids } })
export const explainRoute = (body: Question) => call('post', '/v1/routes/explain', { body })
