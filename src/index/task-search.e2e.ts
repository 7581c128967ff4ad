import { taskSearchCompliance } from './search-compliance.ts';

taskSearchCompliance(100_000);
