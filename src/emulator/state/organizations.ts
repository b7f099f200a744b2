import type { Organization } from '../../jaccount/wire';

interface Unit extends Organization {
  /** The id of the unit that it belongs to; empty for the university. */
  parent: string;
}

/** The university itself, above everything else. */
export const university = '00000';

// Five digits, kept as text: a number would lose the zeros. Some are schools, some departments of a school.
const table: readonly (readonly [id: string, name: string, parent?: string])[] = [
  [university, '上海交通大学', ''],
  ['03000', '电子信息与电气工程学院'],
  ['03300', '计算机科学与工程系', '03000'],
  ['03400', '自动化系', '03000'],
  ['07200', '物理与天文学院'],
  ['24000', '外国语学院'],
  ['40100', '网络信息中心'],
  ['60200', '学生社团联合会'],
  ['70000', '医学院'],
  ['70100', '附属瑞安医院', '70000'],
  ['80500', '附属中学'],
];

export const organizations: ReadonlyMap<string, Unit> = new Map(
  table.map(([id, name, parent = university]) => [id, { id, name, parent }]),
);

/** An organization as entities show it; `{}` where there is none, as jAccount has it. */
export function organizationOf(id: string | undefined): Organization | object {
  const unit = organizations.get(id ?? '');
  return unit ? { id: unit.id, name: unit.name } : {};
}

/** The school or office that a department belongs to. */
export function topOrganizationOf(id: string | undefined): Organization | object {
  const unit = organizations.get(id ?? '');
  const isTop = !unit || unit.parent === '' || unit.parent === university;
  return isTop ? organizationOf(id) : topOrganizationOf(unit.parent);
}
