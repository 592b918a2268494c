package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Secret;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.Locale;
import java.util.Optional;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.AwsSessionCredentialsIdentity;

/**
 * Signs requests to Bedrock by AWS Signature Version 4. The work is AWS's own signer's: as for all services but S3, it
 * encodes the path, which is encoded already, once more for the signature. Safe for all threads.
 */
final class Signer {

    private static final String SERVICE = "bedrock";

    private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
    private final String protocol;
    private final String host;
    private final int port;
    private final String basePath;
    private final Region region;
    private final Clock clock;

    /**
     * A signer of requests to one server.
     *
     * @param baseUrl the server that is really asked, since the signature covers its name
     */
    Signer(URI baseUrl, Region region, Clock clock) {
        this.protocol = baseUrl.getScheme();
        this.host = baseUrl.getHost();
        this.port = baseUrl.getPort() >= 0 ? baseUrl.getPort() : protocol.equals("https") ? 443 : 80;
        this.basePath = baseUrl.getRawPath().replaceFirst("/$", "");
        this.region = region;
        this.clock = clock;
    }

    /** Signs once for nothing: the first signature loads a hundred classes, which no event loop should wait for. */
    void warmUp() {
        Secret nothing = Secret.of("none");
        sign(new AccessKey("none", nothing, Optional.of(nothing)), "/", Headers.of(), Body.EMPTY);
    }

    /** {@return the headers and what signs them: all of them are covered} */
    Headers sign(AccessKey key, String path, Headers headers, Body body) {
        SdkHttpRequest.Builder request = SdkHttpRequest.builder()
                .method(SdkHttpMethod.POST)
                .protocol(protocol)
                .host(host)
                .port(port)
                .encodedPath(basePath + path);
        headers.forEach(request::putHeader);
        byte[] content = bytes(body);
        SignedRequest signed = signer.sign(sign -> sign.identity(identity(key))
                .request(request.build())
                .payload(ContentStreamProvider.fromByteArrayUnsafe(content))
                .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, SERVICE)
                .putProperty(AwsV4HttpSigner.REGION_NAME, region.code())
                .putProperty(HttpSigner.SIGNING_CLOCK, clock));
        Headers.Builder all = Headers.builder();
        signed.request()
                .forEachHeader((name, values) -> values.forEach(value -> {
                    if (!name.toLowerCase(Locale.ROOT).equals("host")) { // the gateway sets it, to the same
                        all.add(name, value);
                    }
                }));
        return all.build();
    }

    private static AwsCredentialsIdentity identity(AccessKey key) {
        String secret = key.secret().reveal();
        return key.sessionToken()
                .<AwsCredentialsIdentity>map(
                        token -> AwsSessionCredentialsIdentity.create(key.id(), secret, token.reveal()))
                .orElseGet(() -> AwsCredentialsIdentity.create(key.id(), secret));
    }

    private static byte[] bytes(Body body) {
        ByteBuffer view = body.bytes();
        byte[] bytes = new byte[view.remaining()];
        view.get(bytes);
        return bytes;
    }
}
