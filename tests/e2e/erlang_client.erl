%% SPDX-License-Identifier: MIT
%% Calls over Erlang's ssl, for test_erlang.py: erl -run erlang_client main MODE PORT CA
-module(erlang_client).
-export([main/1]).

-define(PATH, "/v1/chat/completions").

main([Mode, Port, Ca | More]) ->
    {ok, _} = application:ensure_all_started(ssl),
    {ok, _} = application:ensure_all_started(inets),
    run(Mode, list_to_integer(Port), Ca, More),
    halt().

%% Each suite, several calls on one connection, through httpc.
run("calls", Port, Ca, [Suites]) ->
    lists:foreach(fun(Suite) -> calls(Port, options(Ca, Suite), Suite) end, string:lexemes(Suites, ","));
%% Streams at once, each on a connection of its own.
run("parallel", Port, Ca, [N]) ->
    Suites = ["1.3:TLS_AES_256_GCM_SHA384", "1.2:ECDHE-ECDSA-AES128-GCM-SHA256"],
    Self = self(),
    Number = list_to_integer(N),
    All = [spawn_link(fun() ->
        Name = "parallel" ++ integer_to_list(I),
        Profile = profile(Name),
        Options = options(Ca, lists:nth(1 + I rem 2, Suites)),
        [ask(Profile, Port, Options, body(Name ++ " " ++ integer_to_list(J), 40 * I, true)) || J <- [1, 2, 3]],
        Self ! {self(), done}
    end) || I <- lists:seq(1, Number)],
    [receive {P, done} -> ok end || P <- All];
%% New keys in the middle of a connection, in either direction.
run("update", Port, Ca, _) ->
    Socket = connect(Port, options(Ca, "1.3:TLS_AES_256_GCM_SHA384")),
    talk(Socket, body("before", 3000, false)),
    ok = ssl:update_keys(Socket, write),
    talk(Socket, body("after", 70000, true)),
    ok = ssl:update_keys(Socket, read_write),
    talk(Socket, body("after both", 5, false)),
    ssl:close(Socket);
%% A call, and when it is told to, others on the same connection.
run("slow", Port, Ca, [Suite]) ->
    Socket = connect(Port, options(Ca, Suite)),
    talk(Socket, body("early", 10, false)),
    io:format("called~n"),
    _ = io:get_line(""),
    talk(Socket, body("late", 20, false)),
    ssl:close(Socket),
    Again = connect(Port, options(Ca, Suite)),
    talk(Again, body("new", 30, true)),
    ssl:close(Again);
%% Leaves in the middle of an answer.
run("leave", Port, Ca, [Suite]) ->
    Socket = connect(Port, options(Ca, Suite)),
    ask(Socket, ?PATH "?endless=1", body("leave", 7, true)),
    lists:foreach(fun(_) -> {ok, _} = ssl:recv(Socket, 0) end, lists:seq(1, 20)),
    ssl:close(Socket);
%% GET until the server closes.
run("get", Port, Ca, [Path]) ->
    Socket = connect(Port, options(Ca, "1.3:TLS_AES_128_GCM_SHA256")),
    ok = ssl:send(Socket, ["GET ", Path, " HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
    all(Socket);
%% Answers what it is asked until it is told to end.
run("server", _, _, [Cert, Key]) ->
    io:format("~p~n", [listen(Cert, Key)]),
    _ = io:get_line("");
%% Both ends in one process.
run("both", _, Ca, [Cert, Key, Suite]) ->
    Own = listen(Cert, Key),
    Socket = connect(Own, options(Ca, Suite)),
    [talk(Socket, body("both", N, false)) || N <- [1, 3000, 70000]],
    ssl:close(Socket),
    timer:sleep(100);
%% AEAD that is no TLS.
run("noise", _, _, _) ->
    Key = crypto:strong_rand_bytes(32),
    Nonce = crypto:strong_rand_bytes(12),
    Text = <<"GET / HTTP/1.1\r\nHost: nobody\r\n\r\n">>,
    lists:foreach(fun(Ad) ->
        {Out, Tag} = crypto:crypto_one_time_aead(aes_256_gcm, Key, Nonce, Text, Ad, 16, true),
        Text = crypto:crypto_one_time_aead(aes_256_gcm, Key, Nonce, Out, Ad, Tag, false)
    end, [<<>>, <<"hello">>, <<23, 3, 3, 0, 7>>, crypto:strong_rand_bytes(13)]).

calls(Port, Options, Name) ->
    Profile = profile(Name),
    lists:foreach(fun({I, N}) ->
        ask(Profile, Port, Options, body(Name ++ " " ++ integer_to_list(I), N, I rem 2 =:= 0))
    end, lists:enumerate([0, 300, 16384, 70000, 1 bsl 20])).

profile(Name) ->
    Profile = list_to_atom(Name),
    {ok, _} = inets:start(httpc, [{profile, Profile}]),
    Profile.

ask(Profile, Port, Options, Body) ->
    Url = "https://localhost:" ++ integer_to_list(Port) ++ ?PATH,
    {ok, {{_, 200, _}, _, _}} =
        httpc:request(post, {Url, [{"Authorization", "Bearer sk-FAKESECRET"}], "application/json", Body},
                      [{ssl, Options}], [{body_format, binary}], Profile).

body(Text, N, Stream) ->
    list_to_binary(io_lib:format("{\"model\":\"gpt-4o\",\"stream\":~p,\"messages\":[{\"role\":\"user\",\"content\":\"~s ~s\"}]}",
                                 [Stream, Text, lists:duplicate(N, $x)])).

options(Ca, Suite) ->
    [Version, Cipher] = string:lexemes(Suite, ":"),
    Versions = case Version of "1.2" -> ['tlsv1.2']; "1.3" -> ['tlsv1.3'] end,
    [{versions, Versions}, {ciphers, [Cipher]}, {verify, verify_peer}, {cacertfile, Ca},
     {customize_hostname_check, [{match_fun, public_key:pkix_verify_hostname_match_fun(https)}]}].

connect(Port, Options) ->
    {ok, Socket} = ssl:connect("localhost", Port, [{active, false}, {mode, binary} | Options]),
    Socket.

talk(Socket, Body) ->
    ask(Socket, ?PATH, Body),
    answer(Socket, <<>>).

ask(Socket, Path, Body) ->
    ok = ssl:send(Socket, ["POST ", Path, " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n",
                           "Content-Length: ", integer_to_list(byte_size(Body)), "\r\n\r\n", Body]).

%% Until the answer is there as a whole.
answer(Socket, Got) ->
    {ok, More} = ssl:recv(Socket, 0),
    All = <<Got/binary, More/binary>>,
    case binary:split(All, <<"\r\n\r\n">>) of
        [Head, Body] -> case is_whole(string:lowercase(Head), Body) of true -> ok; false -> answer(Socket, All) end;
        _ -> answer(Socket, All)
    end.

is_whole(Head, Body) ->
    case re:run(Head, "content-length: ([0-9]+)", [{capture, [1], binary}]) of
        {match, [N]} -> byte_size(Body) >= binary_to_integer(N);
        nomatch -> binary:match(Body, <<"\r\n0\r\n\r\n">>) =/= nomatch
    end.

all(Socket) ->
    case ssl:recv(Socket, 0) of
        {ok, _} -> all(Socket);
        {error, _} -> ssl:close(Socket)
    end.

listen(Cert, Key) ->
    {ok, Listen} = ssl:listen(0, [{certfile, Cert}, {keyfile, Key}, {active, false}, {mode, binary},
                                  {ip, {127, 0, 0, 1}}, {reuseaddr, true}]),
    {ok, {_, Own}} = ssl:sockname(Listen),
    spawn_link(fun() -> accept(Listen) end),
    Own.

accept(Listen) ->
    {ok, Transport} = ssl:transport_accept(Listen),
    Pid = spawn(fun() -> receive go -> {ok, Socket} = ssl:handshake(Transport), serve(Socket, <<>>) end end),
    ok = ssl:controlling_process(Transport, Pid),
    Pid ! go,
    accept(Listen).

serve(Socket, Got) ->
    case ssl:recv(Socket, 0) of
        {ok, More} -> serve(Socket, reply(Socket, <<Got/binary, More/binary>>));
        {error, _} -> ssl:close(Socket)
    end.

%% What it is asked decides how long the answer is. Returns what does not make a whole request.
reply(Socket, All) ->
    [Head, Body] = case binary:split(All, <<"\r\n\r\n">>) of [H, B] -> [H, B]; [H] -> [H, <<>>] end,
    case is_whole(string:lowercase(Head), Body) of
        true ->
            Said = ["{\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":",
                    "{\"role\":\"assistant\",\"content\":\"", lists:duplicate(byte_size(Body), $y), "\"}}]}"],
            ok = ssl:send(Socket, ["HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ",
                                   integer_to_list(iolist_size(Said)), "\r\n\r\n", Said]),
            <<>>;
        false -> All
    end.
