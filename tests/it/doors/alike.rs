//! Without a web server: the three ways to ask give what the proxy gives, for requests made at random; and who may ask.
