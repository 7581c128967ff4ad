import { INDEX_LIMITS } from './limits.ts';
import { taskSearchCompliance } from './search-compliance.ts';

// So many that a page may lie deep on both sides; task-search.e2e.ts asks the same of more.
taskSearchCompliance(4 * INDEX_LIMITS.searchDeep);
