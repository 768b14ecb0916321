vcl 4.1;
backend app {
    .host = "127.0.0.1";
    .port = "{app_port}";
}
import proxy;
sub vcl_recv {
    if (proxy.is_ssl()) { set req.http.X-Forwarded-Proto = "https"; }
    else { set req.http.X-Forwarded-Proto = "http"; }
}
