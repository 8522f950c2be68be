// SPDX-License-Identifier: MIT

// A client by Netty with its BoringSSL (tcnative), as grpc-netty-shaded brings both, for test_bundled.py:
//
//	java -cp grpc-netty-shaded.jar Netty.java URL CA-FILE OUT-FILE CONNECTIONS CALLS
//
// The calls of a connection follow each other; connections are open at the same time. Each exchange is one
// line in OUT-FILE, as client.py writes them.
import io.grpc.netty.shaded.io.netty.bootstrap.Bootstrap;
import io.grpc.netty.shaded.io.netty.buffer.*;
import io.grpc.netty.shaded.io.netty.channel.*;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.http.*;
import io.grpc.netty.shaded.io.netty.handler.ssl.*;
import java.io.*;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;

public class Netty {
	static PrintWriter notes;

	static String digest(byte[] b) throws Exception {
		return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(b));
	}

	static class Calls extends SimpleChannelInboundHandler<FullHttpResponse> {
		final int count;
		final CountDownLatch done;
		int made;
		byte[] body;

		Calls(int count, CountDownLatch done) {
			this.count = count;
			this.done = done;
		}

		@Override
		public void userEventTriggered(ChannelHandlerContext c, Object event) throws Exception {
			if (event instanceof SslHandshakeCompletionEvent)
				next(c);
		}

		void next(ChannelHandlerContext c) throws Exception {
			boolean stream = made % 2 == 1;

			body = ("{\"model\":\"gpt-4o\",\"stream\":" + stream +
				",\"messages\":[{\"role\":\"user\",\"content\":\"netty " + made + " é " +
				"x".repeat(made % 3 == 2 ? 200000 : 10) + "\"}]}").getBytes(StandardCharsets.UTF_8);
			made++;
			FullHttpRequest q = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST,
				"/v1/chat/completions" + (stream ? "?chunks=5&delay_ms=2" : ""), Unpooled.wrappedBuffer(body));
			q.headers().set("Host", "localhost").set("Content-Type", "application/json")
				.set("Content-Length", body.length).set("Authorization", "Bearer sk-e2e-FAKESECRET0123456789");
			c.writeAndFlush(q);
		}

		@Override
		protected void channelRead0(ChannelHandlerContext c, FullHttpResponse r) throws Exception {
			synchronized (notes) {
				notes.println("{\"sent\":\"" + digest(body) + "\",\"received\":\"" +
					digest(ByteBufUtil.getBytes(r.content())) + "\"}");
			}
			if (made < count) {
				next(c);
			} else {
				c.close();
				done.countDown();
			}
		}

		@Override
		public void exceptionCaught(ChannelHandlerContext c, Throwable t) {
			t.printStackTrace();
			System.exit(1);
		}
	}

	public static void main(String[] a) throws Exception {
		URI url = URI.create(a[0]);
		int connections = Integer.parseInt(a[3]), calls = Integer.parseInt(a[4]);
		SslContext ssl = SslContextBuilder.forClient().sslProvider(SslProvider.OPENSSL)
			.trustManager(new File(a[1])).build();
		EventLoopGroup group = new NioEventLoopGroup(2);
		CountDownLatch done = new CountDownLatch(connections);
		notes = new PrintWriter(a[2], StandardCharsets.UTF_8);
		for (int i = 0; i < connections; i++)
			new Bootstrap().group(group).channel(NioSocketChannel.class)
				.handler(new ChannelInitializer<Channel>() {
					@Override
					protected void initChannel(Channel c) {
						c.pipeline().addLast(ssl.newHandler(c.alloc(), "localhost", url.getPort()),
							new HttpClientCodec(), new HttpObjectAggregator(1 << 24),
							new Calls(calls, done));
					}
				}).connect("localhost", url.getPort()).sync();
		boolean all = done.await(60, TimeUnit.SECONDS);
		notes.close();
		group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
		System.out.println(OpenSsl.versionString());
		System.exit(all ? 0 : 1);
	}
}
