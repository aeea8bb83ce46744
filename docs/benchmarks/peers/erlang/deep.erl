%% deep WORKLOAD N REPEATS BATCH; see ../build
-module(deep).
-export([main/0]).

fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).

linear(0) -> 0;
linear(N) -> linear(N - 1) + 1.

calls(N) when N < 2 -> 1;
calls(N) -> calls(N - 1) + calls(N - 2) + 1.

%% The CPU time that Erlang knows has milliseconds; what is shorter than 50 of them is
%% measured by the clock on the wall.
measure(F, N, Want, Count, Times) ->
    Wall = erlang:monotonic_time(nanosecond),
    {Cpu, _} = erlang:statistics(runtime),
    times(F, N, Want, Times),
    {Cpu1, _} = erlang:statistics(runtime),
    Wall1 = erlang:monotonic_time(nanosecond),
    Ns = case Cpu1 - Cpu of
             Ms when Ms >= 50 -> Ms * 1000000;
             _ -> Wall1 - Wall
         end,
    io:format("~.3f~n", [Ns / Times / Count]).

times(_, _, _, 0) -> ok;
times(F, N, Want, Times) ->
    Want = F(N),
    times(F, N, Want, Times - 1).

main() ->
    [Work, Size, Repeats, Batch] = init:get_plain_arguments(),
    N = list_to_integer(Size),
    {F, Want, Count} = case Work of
                           "fib" -> {fun fib/1, fib(N), calls(N)};
                           _ -> {fun linear/1, N, N}
                       end,
    Self = self(),
    %% In a process of its own, as one would.
    spawn(fun() ->
                  measure(F, N, Want, Count, 1),
                  [measure(F, N, Want, Count, list_to_integer(Batch))
                   || _ <- lists:seq(1, list_to_integer(Repeats))],
                  Self ! done
          end),
    receive done -> halt(0) end.
