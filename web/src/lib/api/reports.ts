import { call, type Call } from './client'
import type { paths } from './schema'
import type { Schemas } from './types'

export type Report = Schemas['Report']
export type ReportNumbers = Schemas['ReportNumbers']
export type ReportGroup = Schemas['ReportGroup']
export type ReportReason = Schemas['ReportReason']
export type GroupBy = Report['group_by']
export type WeeklyReport = Schemas['WeeklyReport']
/** Range and grouping, as the API takes them. */
export type ReportQuery = NonNullable<Call<paths['/v1/reports']['get']>['query']>

export const getReport = (query: ReportQuery) => call('get', '/v1/reports', { query })
export const listWeeks = () => call('get', '/v1/reports/weekly')
export const getReportSettings = () => call('get', '/v1/report-settings')
export const putReportSettings = (body: Schemas['ReportSettings']) =>
  call('put', '/v1/report-settings', { body })
