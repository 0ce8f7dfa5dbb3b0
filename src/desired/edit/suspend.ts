import { isMap } from 'yaml';
import { editYaml, UneditableText } from './yaml-edit.ts';

/** `fleet.yaml` with the whole fleet suspended or not. Throws `UneditableText` when it is not a mapping. */
export function setFleetSuspend(fleetText: string, suspend: boolean): string {
  return editYaml(fleetText, (document) => {
    if (!isMap(document.contents)) throw new UneditableText('fleet.yaml is not a mapping');
    if (suspend) document.set('suspend', true);
    else document.delete('suspend');
  });
}
