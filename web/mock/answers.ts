import type { AnswerOf, BodyOf, QueryOf, RouteName } from '#admin/contract-api.ts';
import type { Problem, Raw } from '#admin/contract-common.ts';

/** What a mock is asked; the query's numbers are numbers. */
export type MockAsk<R extends RouteName> = { params: Record<string, string>; query: QueryOf<R>; body: BodyOf<R> };
type MockAnswer<R extends RouteName> = AnswerOf<R> extends Raw<string> ? string : AnswerOf<R>;

/** An answer for each of the routes: one that is missing fails the type check. */
export type Answers<R extends RouteName> = { [Name in R]: (ask: MockAsk<Name>) => MockAnswer<Name> };

/** Thrown by a mock: answered as a problem. */
export class MockRefusal extends Error {
  readonly status: number;
  readonly problem: Problem;
  constructor(status: number, problem: Problem) {
    super(problem.text);
    this.status = status;
    this.problem = problem;
  }
}
