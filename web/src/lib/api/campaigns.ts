import { call } from './client'
import { tableType, upload } from './files'
import type { Schemas } from './types'

export type Campaign = Schemas['Campaign']
export type CampaignNow = Schemas['CampaignNow']
export type CampaignPlan = Schemas['CampaignPlan']
export type Template = Schemas['Template']
export type Texts = Schemas['LanguageText'][]
export type Move = 'launch' | 'approve' | 'pause' | 'resume' | 'cancel' | 'resend'

export const listTemplates = () => call('get', '/v1/templates')
export const createTemplate = (name: string, texts: Texts) =>
  call('post', '/v1/templates', { body: { name, texts } })
export const updateTemplate = (id: string, body: Schemas['TemplateUpdate']) =>
  call('patch', '/v1/templates/{id}', { path: { id }, body })
export const removeTemplate = (id: string) => call('delete', '/v1/templates/{id}', { path: { id } })
export const previewTemplate = (texts: Texts) => call('post', '/v1/templates/preview', { body: { texts } })

export const listGroups = () => call('get', '/v1/groups')
export const listContactFields = () => call('get', '/v1/contact-fields')

export const listCampaigns = () => call('get', '/v1/campaigns', { query: { limit: 50 } })
export const getCampaign = (id: string) => call('get', '/v1/campaigns/{id}', { path: { id } })
export const createCampaign = (name: string, plan?: CampaignPlan) =>
  call('post', '/v1/campaigns', { body: { name, plan } })
export const updateCampaign = (id: string, body: Schemas['CampaignUpdate']) =>
  call('patch', '/v1/campaigns/{id}', { path: { id }, body })
export const removeCampaign = (id: string) => call('delete', '/v1/campaigns/{id}', { path: { id } })
export const clearRecipients = (id: string) =>
  call('delete', '/v1/campaigns/{id}/recipients', { path: { id } })
export const checkCampaign = (id: string) => call('post', '/v1/campaigns/{id}/check', { path: { id } })
export const campaignFailures = (id: string) => call('get', '/v1/campaigns/{id}/failures', { path: { id } })
export const moveCampaign = (id: string, move: Move) =>
  call('post', `/v1/campaigns/{id}/${move}`, { path: { id } })
export const withdrawCampaign = (id: string, note: string) =>
  call('post', '/v1/campaigns/{id}/withdraw', { path: { id }, body: { note } })
export const campaignSettings = () => call('get', '/v1/campaign-settings')
export const saveCampaignSettings = (approval_above: number) =>
  call('put', '/v1/campaign-settings', { body: { approval_above } })

/** Adds a table of numbers to a draft; a million rows take a while. */
export const addRecipients = (id: string, table: Blob, name = ''): Promise<Schemas['CampaignUpload']> =>
  upload('/v1/campaigns/{id}/recipients', table, tableType(name), {}, { id })
