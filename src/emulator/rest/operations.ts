import type { ApiOperation } from './api';
import { cardOperations } from './campus-card';
import { educationOperations } from './education';
import { enterpriseOperations } from './enterprise';
import { profileOperations } from './profile';

/** Every operation of the REST API that the emulator serves. */
export const apiOperations: readonly ApiOperation[] = [
  ...profileOperations,
  ...enterpriseOperations,
  ...educationOperations,
  ...cardOperations,
];
