/** Every edit that bb makes to desired state, text in and text out: comments, order and quoting stay. */
export { addAllowlistHost } from './edit/add-allowlist-host.ts';
export { endGrants } from './edit/end-grants.ts';
export {
  addInstance,
  removeInstance,
  setInstanceImage,
  setInstanceSuspend,
} from './edit/instances.ts';
export { mergeRoute } from './edit/merge-route.ts';
export { setFleetSuspend } from './edit/suspend.ts';
export { takeBack } from './edit/take-back.ts';
export { UneditableText } from './edit/yaml-edit.ts';
